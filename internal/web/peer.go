package web

import (
	"net"
	"net/netip"
	"slices"
	"strings"

	"entremise/internal/person"
)

// address is where a request comes from: the connection, or what a believed proxy says; IPv6 by its /64.
func (v *visit) address() string {
	a, ok := v.peer()
	if !ok {
		return ""
	}
	hops := strings.Split(strings.Join(v.r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && v.believed(a); i-- {
		next, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		a = next
	}
	return person.Network(a)
}

// peer is who is connected: a proxy, or the visitor himself.
func (v *visit) peer() (a netip.Addr, ok bool) {
	host, _, err := net.SplitHostPort(v.r.RemoteAddr)
	if err != nil {
		return a, false
	}
	a, err = netip.ParseAddr(host)
	return a, err == nil
}

func (v *visit) believed(a netip.Addr) bool {
	return slices.ContainsFunc(v.Config.Proxies, func(p netip.Prefix) bool { return p.Contains(a.Unmap()) })
}

// proxied reports whether a proxy of ours passes the call on.
func (v *visit) proxied() bool {
	a, ok := v.peer()
	return ok && v.believed(a)
}
