// Package e2e tests Entremise from outside: the built binary, over HTTP and in a real browser, as its users meet it.
//
// It needs Chromium (ENTREMISE_BROWSER, or chromium on the PATH) and fails without. ENTREMISE_BINARY names a binary that is built already,
// ENTREMISE_SHOTS a folder for screenshots, ENTREMISE_CLAUSES a file that records which clauses were proved.
package e2e
