# make demo: install into .venv and group the example page.    make test: install the tools and run the tests.    make docs: the API reference, in build/api.
PYTHON ?= python3
VENV ?= .venv
PIP = $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
TORCH = torch==2.13.0
INPUTS = pyproject.toml constraints.txt $(shell find dedupe -type f -not -name '*.pyc')

.PHONY: demo test dev docs clean

demo: $(VENV)/.installed
	@$(VENV)/bin/headline-dedupe cluster examples/news-page.txt --format table

test: $(VENV)/.installed-dev
	@$(VENV)/bin/pytest --numprocesses auto --maxprocesses 4 --dist loadfile

dev: $(VENV)/.installed-dev

docs: $(VENV)/.installed-dev
	@$(VENV)/bin/pdoc -d google -o build/api dedupe '!dedupe.'

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(INPUTS) | $(VENV)/bin/python
	$(PIP) $(TORCH) .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(PIP) $(TORCH) '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV)
