package rest

import (
	"context"

	"github.com/procore/terraform-provider-procore/server/store"
)

// Company is a company on the wire.
type Company struct {
	ID        string `json:"id" example:"1"`
	Name      string `json:"name" example:"Acme"`
	CreatedAt string `json:"created_at" format:"date-time"`
	UpdatedAt string `json:"updated_at" format:"date-time"`
}

// Data is the envelope of every answer with a body.
type Data[T any] struct {
	Data T `json:"data"`
}

func newCompany(company store.Company) Company {
	return Company{
		ID: company.ID.String(), Name: company.Name,
		CreatedAt: timestamp(company.CreatedAt), UpdatedAt: timestamp(company.UpdatedAt),
	}
}

type companies struct{ Config }

type listCompaniesInput struct {
	StrictQuery
	PageParams
	CompanyHeader string `header:"Procore-Company-Id" doc:"May name the caller's company; another one is refused"`
}

type companyListOutput struct {
	PageHeaders
	Body Data[[]Company]
}

// list answers with the companies that the caller belongs to. An account belongs to one.
func (c *companies) list(ctx context.Context, input *listCompaniesInput) (*companyListOutput, error) {
	company, err := c.Companies.Company(ctx, caller(ctx).Account.CompanyID)
	if err != nil {
		return nil, err
	}
	output := &companyListOutput{PageHeaders: input.headers(ctx, 1)}
	output.Body.Data = []Company{}
	if input.Page == 1 {
		output.Body.Data = append(output.Body.Data, newCompany(company))
	}
	return output, nil
}

type companyOutput struct {
	ETag string `header:"ETag"`
	Body Data[Company]
}

func (c *companies) get(ctx context.Context, input *CompanyParams) (*companyOutput, error) {
	company, err := c.Companies.Company(ctx, input.company())
	if err != nil {
		return nil, err
	}
	body := newCompany(company)
	return &companyOutput{ETag: etag(body), Body: Data[Company]{body}}, nil
}
