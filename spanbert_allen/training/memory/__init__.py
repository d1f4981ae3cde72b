"""How much memory a training needs, and what to do where there is too little."""
