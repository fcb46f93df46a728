# By the ID of the account, in the provider's company:
terraform import procore_service_account_permissions.exporter 17

# By the ID of a company and the ID of the account:
terraform import procore_service_account_permissions.exporter 1/17
