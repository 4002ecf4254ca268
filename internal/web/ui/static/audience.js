// Loads the measurement scripts that the server let into this page. A browser that says no (Global Privacy Control) is believed, unless the visitor himself chose otherwise here.
for (const a of document.querySelectorAll("[data-audience]")) {
	if (navigator.globalPrivacyControl && a.dataset.chosen !== "yes") continue;
	const source = a.dataset.audience;
	if (a.dataset.key) {
		// The queue that Matomo's script reads; others ignore it. Campaigns are not measured, and the cookie lives thirteen months at most.
		const queue = (window._paq = window._paq || []);
		queue.push(["setTrackerUrl", new URL("matomo.php", source).href], ["setSiteId", a.dataset.key], ["disableCampaignParameters"], ["setVisitorCookieTimeout", "33696000"], ["trackPageView"]);
	}
	const script = document.createElement("script");
	script.src = source;
	script.async = true;
	if (a.dataset.key) script.dataset.site = a.dataset.key;
	document.head.append(script);
}
