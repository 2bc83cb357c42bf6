"""Every address of the portal."""

from django.contrib import admin
from django.urls import include, path

from accounts.views import go_on, lock_outs, password_link, reset_factor, sessions_page, unlock_user
from amoot_comms import views
from messaging.web.views.hooks import hook

# Addresses of colleagues come from HR and IT; allauth's own pages for them stay closed.
_CLOSED = ("accounts/email/", "accounts/signup/", "accounts/confirm-email/")

urlpatterns = [
    path("", views.home, name="home"),
    path("home/now/", views.home_now, name="home_now"),
    path("admin/", admin.site.urls),
    *(path(address, views.closed) for address in _CLOSED),
    path("accounts/sessions/", sessions_page, name="sessions"),
    path("accounts/go-on/", go_on, name="go_on"),
    path("accounts/", include("allauth.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("channels/", include("channels.urls")),
    path("staff/log-ins/<int:pk>/second-factor/", reset_factor, name="reset_factor"),
    path("staff/log-ins/<int:pk>/unlock/", unlock_user, name="unlock"),
    path("staff/log-ins/<int:pk>/password-link/", password_link, name="password_link"),
    path("staff/locked/", lock_outs, name="lock_outs"),
    path("staff/", include("staff.urls")),
    path("", include("contacts.desk.urls")),
    path("contacts/", include("contacts.urls")),
    path("messages/", include("messaging.urls")),
    path("audit/", include("audit.urls")),
    path("hooks/<slug:provider>/<str:secret>/", hook, name="hook"),
]

handler400 = "amoot_comms.views.bad_request"
handler403 = "amoot_comms.views.permission_denied"
handler404 = "amoot_comms.views.page_not_found"
handler500 = "amoot_comms.views.server_error"
