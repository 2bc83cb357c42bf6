"""The addresses of the opt-out call and of the VOC desk, in full: both stand at the portal's root."""

from django.urls import path

from contacts.views import caller

app_name = "desk"

urlpatterns = [
    path("opt-out/", caller.opt_out, name="opt_out"),
    path("opt-out/caller/", caller.introduce, name="caller"),
    path("opt-out/call/", caller.call_open, name="open_call"),
    path("opt-out/calls/<str:sealed>/", caller.opened, name="opened"),
]
