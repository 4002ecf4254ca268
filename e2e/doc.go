// Package e2e tests Entremise from outside: the built binary, over HTTP and in a real browser, as its users meet it.
//
// It needs Chromium (ENTREMISE_BROWSER, or chromium on the PATH) and fails without. ENTREMISE_BINARY names a binary that is built already,
// ENTREMISE_SHOTS a folder for screenshots, ENTREMISE_CLAUSES a file that records which clauses were proved.
// ENTREMISE_CLEAR names a file for the last line, which says how many personal values were found in plain text after all tests; the run fails when
// one was. ENTREMISE_TEST_PG_LOG is the log of the PostgreSQL server, which is searched too.
package e2e
