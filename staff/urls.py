from django.urls import path

from staff import views

app_name = "staff"
urlpatterns = [
    path("", views.directory_page, name="directory"),
    path("<int:pk>/", views.employee_page, name="employee"),
]
