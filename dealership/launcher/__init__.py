"""What stands behind `./dev`: standard library only, because it runs before anything is installed.

`dev` loads this folder under the name `launcher`; tests import it as `dealership.launcher`. Hence every import
inside is relative and nothing here may import Django or another part of the product.
"""
