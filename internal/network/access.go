package network

// Access is what professionals are told about coming in, staying and leaving; the terms and the charter quote these figures.
type Access struct {
	RegistryExtract Duration // Age at which a registry extract is too old to be accepted.
	Experience      Duration // Experience in the trade that stands in for a diploma.
	Idle            Duration // A professional who ordered nothing for so long is shown to staff, who may end his access; nothing is automatic.
	CloseWithin     int      `min:"1"` // Working days within which access ends once the professional asks.
	Liability       Duration // The operator's liability is bound to what the professional paid within this time.
}

func (c *checker) access() {
	if c.n.Access == nil && sells(c.n) {
		c.wrong("access", "des mises en relation sont vendues : dites ce qui vaut pour l’accès des professionnels (« access »).", `introductions are sold: say what holds for professionals' access ("access").`)
	}
	if c.n.Access != nil && !sells(c.n) {
		c.wrong("access", "aucun professionnel n’a d’accès ici (modules.sale) : retirez « access », que rien n’exécuterait.", `no professional has access here (modules.sale): remove "access", which nothing would execute.`)
	}
}
