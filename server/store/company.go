package store

import "time"

// Company is a Procore company: the tenant that everything else belongs to.
type Company struct {
	ID        ID
	Name      string
	CreatedAt time.Time
	UpdatedAt time.Time
}

// NewCompany is a company to be made, together with the administrator's account that it starts with.
type NewCompany struct {
	Name  string
	Admin NewServiceAccount
}

// Normalize trims the names and returns *Error with every fault of the company.
func (c *NewCompany) Normalize() error {
	var faults []Fault
	c.Name, faults = normalizeName("name", c.Name, nil)
	if err := invalid("company", faults); err != nil {
		return err
	}
	return c.Admin.Normalize()
}

// AdminLevels are the company permissions of an administrator's account as init, company add and admin recover make
// it: all that this API asks for.
func AdminLevels() Levels { return Levels{ToolAdmin: LevelAdmin, ToolDirectory: LevelAdmin} }
