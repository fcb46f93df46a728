package store

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Project is a project of a company, which accounts can be assigned to.
type Project struct {
	ID            ID
	CompanyID     ID
	Name          string
	ProjectNumber string
	Active        bool
	CreatedAt     time.Time
	UpdatedAt     time.Time
}

// NewProject is a project to be made.
type NewProject struct {
	Name          string
	ProjectNumber string
	Active        bool
}

// ProjectChange is an edit. A nil field stays as it is.
type ProjectChange struct {
	Name          *string
	ProjectNumber *string
	Active        *bool
}

// ProjectQuery selects, sorts and pages a list of projects. A zero field selects everything.
type ProjectQuery struct {
	// Name selects the projects of that name, whatever the case.
	Name   string
	Active *bool
	IDs    []ID
	// Search selects projects whose name or number contains the text, whatever the case.
	Search string
	Sort   Sort
	Page   PageRequest
}

// Normalize trims the texts and returns *Error with every fault of the project.
func (p *NewProject) Normalize() error {
	project := Project{Name: p.Name, ProjectNumber: p.ProjectNumber}
	err := project.normalize()
	p.Name, p.ProjectNumber = project.Name, project.ProjectNumber
	return err
}

// Apply returns the project after the change, or *Error with every fault that it would have.
func (c ProjectChange) Apply(project Project) (Project, error) {
	set(&project.Name, c.Name)
	set(&project.ProjectNumber, c.ProjectNumber)
	set(&project.Active, c.Active)
	err := project.normalize()
	return project, err
}

func (p *Project) normalize() error {
	var faults []Fault
	p.Name, faults = normalizeName("name", p.Name, faults)
	p.ProjectNumber = strings.TrimSpace(p.ProjectNumber)
	if length := utf8.RuneCountInString(p.ProjectNumber); length > MaxNameLength {
		faults = append(faults, tooLong("project_number", MaxNameLength, length))
	}
	if strings.ContainsFunc(p.ProjectNumber, unicode.IsControl) || !utf8.ValidString(p.ProjectNumber) {
		faults = append(faults, Fault{
			Reason: "invalid_characters", Source: "project_number", Message: "must be valid UTF-8 without control characters",
		})
	}
	return invalid("project", faults)
}

// Assignment is an account's place in a project.
type Assignment struct {
	ServiceAccountID ID
	ProjectID        ID
	// Levels are the account's levels on the project's tools.
	Levels    Levels
	CreatedAt time.Time
	UpdatedAt time.Time
}
