# By the IDs of the account and of the project, in the provider's company:
terraform import procore_project_membership.bridge 17/3

# By the ID of a company, and the IDs of the account and of the project:
terraform import procore_project_membership.bridge 1/17/3
