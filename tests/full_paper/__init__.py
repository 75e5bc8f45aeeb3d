"""A paper that writes its parts itself (Nobody 2026), on SAVEE like `docs/sixth_paper`: for tests of the contract."""
