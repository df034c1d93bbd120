"""The month's Excel workbook: sheets declare columns and layout, `book` writes them row by row.

Nothing here reads the database: `reports.selectors.month_rows` supplies rows, `reports.services.workbook` joins both.
"""
