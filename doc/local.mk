# doc/: man pages and pages for people.
