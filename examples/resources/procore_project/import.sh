# By the ID of the project, in the provider's company:
terraform import procore_project.bridge 3

# By the ID of a company and the ID of the project:
terraform import procore_project.bridge 1/3
