from django.urls import path

from contacts.views import as_of, customers, imports

app_name = "contacts"

urlpatterns = [
    path("", customers.contact_list, name="list"),
    path("import/", imports.import_upload, name="import"),
    path("import/<int:pk>/", imports.import_result, name="import_result"),
    path("import/<int:pk>/preview/", imports.import_preview, name="import_preview"),
    path("import/<int:pk>/refused.csv", imports.import_report, name="import_report"),
    path("<int:pk>/", customers.contact_card, name="card"),
    path("<int:pk>/as-of/", as_of.as_of, name="as_of"),
    path("<int:pk>/consent/<slug:flag>/", customers.consent, name="consent"),
    path("<int:pk>/call/open/", customers.call_open, name="open_call"),
    path("<int:pk>/call/close/", customers.call_close, name="close_call"),
]
