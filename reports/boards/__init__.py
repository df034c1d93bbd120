"""What the live board and the month page show: figures put into blocks of a chart and its table. Reads only."""
