"""The message pages."""

from django.urls import path

from messaging.web.views import breaches, compose, detail, inbound, listing, operations, recipients
from messaging.web.views import unknown_outcome as doubt

app_name = "messaging"
urlpatterns = [
    path("", listing.messages_list, name="list"),
    path("rows/", listing.rows_progress, name="rows_progress"),
    path("inbound/", inbound.inbound, name="inbound"),
    path("compose/", compose.compose, name="compose"),
    path("compose/length/", compose.text_length, name="text_length"),
    path("compose/foresight/", compose.foresight, name="foresight"),
    path("compose/confirm/", compose.confirm, name="confirm"),
    path("operations/", operations.operations, name="operations"),
    path("operations/now/", operations.operations_now, name="operations_now"),
    path("breaches/", breaches.breaches_list, name="breaches"),
    path("breaches/<int:pk>/", breaches.breach, name="breach"),
    path("<int:pk>/", detail.detail, name="detail"),
    path("<int:pk>/progress/", detail.progress, name="progress"),
    path("<int:pk>/pause/", detail.pause, name="pause"),
    path("<int:pk>/resume/", detail.resume, name="resume"),
    path("<int:pk>/cancel/", detail.cancel, name="cancel"),
    path("<int:pk>/recipients/", recipients.recipients, name="recipients"),
    path("<int:pk>/recipients/<int:delivery_pk>/", recipients.why, name="why"),
    path("doubt/", doubt.doubts, name="doubts"),
    path("<int:pk>/doubt/", doubt.doubt, name="doubt"),
    path("<int:pk>/doubt/<int:delivery_pk>/", doubt.doubt_about_one, name="doubt_about_one"),
    path("<int:pk>/doubt/decide/", doubt.decide, name="decide"),
    path("<int:pk>/doubt/ask/", doubt.ask, name="ask_provider"),
    path("<int:pk>/why/", recipients.why_number, name="why_number"),
]
