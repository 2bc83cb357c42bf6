"""The message pages."""

from django.urls import path

from messaging.web.views import (
    breaches,
    compose,
    detail,
    inbound,
    listing,
    operations,
    recipients,
    unknown_outcome,
)

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
    path("unknown/", unknown_outcome.unknown_outcomes, name="unknown_outcomes"),
    path("<int:pk>/unknown/", unknown_outcome.of_message, name="unknown_outcome"),
    path("<int:pk>/unknown/<int:delivery_pk>/", unknown_outcome.of_one, name="outcome_of_one"),
    path("<int:pk>/unknown/decide/", unknown_outcome.decide, name="decide"),
    path("<int:pk>/unknown/ask/", unknown_outcome.ask, name="ask_provider"),
    path("<int:pk>/why/", recipients.why_number, name="why_number"),
]
