package app

import (
	"fmt"
	"time"

	"entremise/internal/person"
)

// countrySettings name the provider that tells the country of an address, for a network whose file asks one (verification.country).
type countrySettings struct {
	CountryURL     string        `name:"country-url" help:"Provider that tells the country of an IP address: its address, with {address} in it." env:"ENTREMISE_COUNTRY_URL"`
	CountryTimeout time.Duration `name:"country-timeout" help:"How long a form waits for its answer." default:"2s" env:"ENTREMISE_COUNTRY_TIMEOUT"`
}

// countries is the driver; nil when no provider is given.
func (c countrySettings) countries() (person.Countries, error) {
	if c.CountryURL == "" {
		return nil, nil
	}
	if c.CountryTimeout <= 0 || c.CountryTimeout > 10*time.Second {
		return nil, fmt.Errorf("--country-timeout %s: a consumer waits for it; give more than nothing and at most 10s", c.CountryTimeout)
	}
	secret, err := secretValue("ENTREMISE_COUNTRY_TOKEN")
	if err != nil {
		return nil, fmt.Errorf("ENTREMISE_COUNTRY_TOKEN: %w", err)
	}
	countries, err := person.NewCountries(person.CountryProvider{URL: c.CountryURL, Secret: secret, Timeout: c.CountryTimeout}, time.Now)
	if err != nil {
		return nil, fmt.Errorf("--country-url: %w", err)
	}
	return countries, nil
}
