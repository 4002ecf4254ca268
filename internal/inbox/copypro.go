package inbox

import "context"

// CopyInquiry is what a provider verified of a professional, with what it was told of him (ET-115).
type CopyInquiry struct {
	On        string   `json:"on"` // ISO date
	What      string   `json:"what"`
	Provider  string   `json:"provider"`
	Sent      []string `json:"sent"`
	Result    string   `json:"result,omitempty"`
	Reference string   `json:"reference"`
	Until     string   `json:"until,omitempty"` // ISO date
}

// CopyAgreement is a special agreement with a professional (ET-12).
type CopyAgreement struct {
	Signed    string `json:"signed"` // ISO date
	Title     string `json:"title,omitempty"`
	Reference string `json:"reference,omitempty"`
	Until     string `json:"until,omitempty"`
}

// copyDossier adds what was verified of a professional and agreed with him.
func (s *Service) copyDossier(ctx context.Context, p *CopyOf, id, lang string) error {
	n, err := s.Editions.InForce(ctx)
	if err != nil {
		return err
	}
	inquiries, err := s.Pros.Inquiries(ctx, id)
	if err != nil {
		return err
	}
	for _, q := range inquiries {
		x := CopyInquiry{On: q.On, What: q.Kind.Label().Say(lang), Provider: q.Recipient, Result: q.Result.Label().Say(lang), Reference: q.Reference, Until: q.Until}
		if r, ok := n.Recipient(q.Recipient); ok {
			x.Provider = named(r)
		}
		for _, f := range q.Fields {
			x.Sent = append(x.Sent, f.Label().Say(lang))
		}
		p.Inquiries = append(p.Inquiries, x)
	}
	agreements, err := s.Pros.Agreements(ctx, id)
	for _, a := range agreements {
		p.Agreements = append(p.Agreements, CopyAgreement{Signed: a.On, Title: a.Title, Reference: a.Reference, Until: a.Until})
	}
	return err
}
