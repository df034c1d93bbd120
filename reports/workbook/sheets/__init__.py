"""One module per sheet: `TITLE`, its columns, and `write(book, content)`."""
