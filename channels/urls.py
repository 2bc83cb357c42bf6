from django.urls import path

from channels import views

app_name = "channels"
urlpatterns = [
    path("", views.register_page, name="list"),
    path("<slug:code>/", views.channel_page, name="detail"),
    path("<slug:code>/outages/", views.declare_outage, name="declare_outage"),
    path("<slug:code>/outages/<int:pk>/end/", views.end_outage, name="end_outage"),
    path("<slug:code>/windows/<slug:purpose>/", views.windows_page, name="windows"),
]
