"""The addresses of the opt-out call and of the VOC desk, in full: both stand at the portal's root."""

from django.urls import path

from contacts.duty import views as duty
from contacts.views import caller, desk, words
from contacts.views.corrections import correct_entry

app_name = "desk"

urlpatterns = [
    path("opt-out/", caller.opt_out, name="opt_out"),
    path("opt-out/caller/", caller.introduce, name="caller"),
    path("opt-out/call/", caller.call_open, name="open_call"),
    path("opt-out/calls/<str:sealed>/", caller.opened, name="opened"),
    path("desk/", desk.call_queue, name="queue"),
    path("desk/calls/<int:pk>/", desk.call_card, name="call"),
    path("desk/calls/<int:pk>/take/", desk.take, name="take"),
    path("desk/calls/<int:pk>/take-over/", desk.take_over, name="take_over"),
    path("desk/calls/<int:pk>/hand-back/", desk.hand_back, name="hand_back"),
    path("desk/calls/<int:pk>/not-reached/", desk.not_reached, name="not_reached"),
    path("desk/calls/<int:pk>/press/", desk.press, name="press"),
    path("desk/calls/<int:pk>/decide/<slug:flag>/", desk.decide, name="decide"),
    path("desk/calls/<int:pk>/close/", desk.close, name="close"),
    path("desk/calls/<int:pk>/end/", desk.end, name="end"),
    path("desk/entries/<int:pk>/correct/", correct_entry, name="correct"),
    path("desk/duty/", duty.duty_page, name="duty"),
    path("desk/duty/shifts/", duty.shift_add, name="add_shift"),
    path("desk/duty/shifts/<int:pk>/end/", duty.shift_end, name="end_shift"),
    path("desk/duty/days/", duty.day_set, name="set_duty_day"),
    path("desk/duty/days/<int:pk>/end/", duty.day_end, name="end_duty_day"),
    path("desk/duty/fallbacks/", duty.fallbacks_set, name="set_fallbacks"),
    path("desk/words/", words.word_list, name="words"),
    path("desk/words/<int:pk>/confirm/", words.word_confirm, name="word_confirm"),
    path("desk/words/<int:pk>/", words.word_decide, name="word_decide"),
]
