"""三表两卡 (domain.md §5.2): each register is made once and shown on screen, on A4 paper and in Excel."""
