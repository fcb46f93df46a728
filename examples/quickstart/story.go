package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// story is what the steps hand on to each other.
type story struct {
	out       io.Writer
	terraform string // the path of Terraform or OpenTofu
	folder    folder

	admin  credentials // of the account that init made; Terraform works as this account
	server *server

	first, second account     // what Terraform's outputs say after the first and the second apply
	token         accessToken // got with the first secret
}

// credentials are what `terraform-provider-procore init --output json` prints.
type credentials struct {
	BaseURL      string `json:"base_url"`
	CompanyID    string `json:"company_id"`
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
}

func newStory(out io.Writer) (*story, error) {
	terraform := os.Getenv("TF_ACC_TERRAFORM_PATH")
	if terraform == "" {
		return nil, errors.New("no Terraform named in TF_ACC_TERRAFORM_PATH; start this with `make quickstart`")
	}

	if _, err := os.Stat(configuration); err != nil {
		return nil, fmt.Errorf("%s is not here; start this with `make quickstart` at the top of the repository", configuration)
	}

	dir, err := filepath.Abs(folderName)
	if err != nil {
		return nil, fmt.Errorf("cannot tell where %s is: %w", folderName, err)
	}

	return &story{out: out, terraform: terraform, folder: folder(dir)}, nil
}

func (s *story) heading(number, of int, text string) {
	fmt.Fprintf(s.out, "\n[%d/%d] %s\n", number, of, text)
}

// say prints one or more lines, set in below the heading.
func (s *story) say(format string, args ...any) {
	for line := range strings.Lines(fmt.Sprintf(format, args...)) {
		fmt.Fprintf(s.out, "      %s\n", strings.TrimRight(line, "\n"))
	}
}

// sayWrapped prints running text, a paragraph for each line of it, in lines of a readable length.
func (s *story) sayWrapped(text string) {
	const width = 100

	for paragraph := range strings.Lines(text) {
		line := ""
		for _, word := range strings.Fields(paragraph) {
			if line != "" && len(line)+1+len(word) > width {
				s.say("%s", line)
				line = ""
			}
			line = strings.TrimPrefix(line+" "+word, " ")
		}
		if line != "" {
			s.say("%s", line)
		}
	}
}

// command prints a command as a person would type it.
func (s *story) command(words ...string) {
	s.say("$ %s", strings.Join(words, " "))
}

// goOnByHand says what is left and how to use it.
func (s *story) goOnByHand() {
	terraform := s.terraformName()

	fmt.Fprintf(s.out, "\nDone. Everything is in %s, which git ignores. To go on by hand:\n\n", folderName)
	for _, line := range [][2]string{
		{"cd " + folderName, ""},
		{". ./env", "who you are, where the API is, where the provider is"},
		{"bin/" + programName + " serve --database procore.db &", ""},
		{terraform + " plan", "nothing to do"},
		{terraform + " output -raw client_secret", "the live secret"},
		{terraform + " apply -var rotation=3", "one more reset; to keep it, write it into terraform.tfvars"},
		{"kill %1", "stops the API"},
	} {
		if line[1] == "" {
			fmt.Fprintf(s.out, "  %s\n", line[0])
		} else {
			fmt.Fprintf(s.out, "  %-40s # %s\n", line[0], line[1])
		}
	}
	fmt.Fprintln(s.out, "\nenv, terraform.tfstate and procore.db hold secrets or lead to them: delete the folder when you are done.")
}
