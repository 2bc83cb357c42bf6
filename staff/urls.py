from django.urls import path

from staff import views

app_name = "staff"
urlpatterns = [
    path("", views.directory_page, name="directory"),
    path("<int:pk>/", views.employee_page, name="employee"),
    path("holidays/", views.holidays_page, name="holidays"),
    path("holidays/add/", views.holiday_add, name="add_holiday"),
    path("holidays/<int:pk>/remove/", views.holiday_remove, name="remove_holiday"),
    path("holidays/<int:year>/confirm/", views.holidays_confirm, name="confirm_holidays"),
]
