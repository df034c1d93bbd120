"""Files of leads and customers: their columns, how a row is read, and the workbooks handed back."""
