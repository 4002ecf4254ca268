package notify

import (
	"net"
	"net/http"
	"net/url"
	"time"
)

// Guarded reports whether what is personal or secret may travel to an address: over https, or to this machine.
func Guarded(u *url.URL) bool {
	return u.Host != "" && (u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname()))
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// OneWay is a client that follows no redirect: what it carries goes to one place.
func OneWay(timeout time.Duration) *http.Client {
	return &http.Client{Timeout: timeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}
