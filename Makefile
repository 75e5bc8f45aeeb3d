# A thin face on `.venv/bin/python -m commands`: every target makes the environment first if it is missing.
#
#   make reproduce PAPER=timeconvnet     from raw video to the paper's tables beside ours
#   make test                            the test suite

VENV   := .venv
PYTHON  = $(shell for p in python3.11 python3.12 python3.13 python3; do \
            $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo $$p && break; done)
SUITE  := $(VENV)/bin/python -m commands
LOCK   := requirements$(if $(GPU),-gpu.txt,.lock)
EXTRA  := $(if $(CLUSTER),requirements-cluster.txt) $(if $(EXPORT),requirements-export.txt)
READY  := $(VENV)/.ready$(if $(GPU),-gpu)$(if $(CLUSTER),-cluster)$(if $(EXPORT),-export)

# Options of the command line, given as variables: make reproduce PAPER=timeconvnet DATA=/data PROFILE=paper
flag    = $(if $($(1)),--$(2) "$($(1))")
COMMON  = $(call flag,DATA,data) $(call flag,PROFILE,profile) $(call flag,PROTOCOL,protocol) \
          $(call flag,SEEDS,seeds) $(call flag,WORKERS,workers) $(call flag,LAUNCHER,launcher) \
          $(foreach word,$(SET),--setting "$(word)") $(if $(SKIP_BROKEN),--skip-broken) \
          $(if $(MIXED),--mixed-precision) $(if $(XLA),--xla) $(call flag,MODELS,models)
OPTIONS = $(COMMON) $(call flag,EXPERIMENT,experiment) $(call flag,NETWORK,network) $(call flag,EPOCHS,epochs) $(call flag,VARIANT,variant) $(if $(FRESH),--fresh)

.DEFAULT_GOAL := help
.PHONY: help setup reproduce search list verify-data models table claims findings compare audit report parameters predict live export ship test lint format bench gpu-check study regression fingerprints baseline record reference readme lock clean audit-split

help:  ## this text
	@echo "Reproductions of five papers on facial expression recognition. Targets:"; echo
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16
	@echo; echo "Variables: PAPER DATA PROFILE=quick|paper PROTOCOL=published|strict|both EXPERIMENT NETWORK EPOCHS SEEDS=0,1 SET=name=value VARIANT FRESH=1 WORKERS LAUNCHER=ray"

setup: $(READY)  ## make the virtual environment (GPU=1: with the CUDA libraries, CLUSTER=1: with Ray, EXPORT=1: for ONNX)

$(READY): $(LOCK) requirements.lock $(EXTRA)
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed (TensorFlow has wheels for no other): install it, e.g. apt install python3 python3-venv."; exit 1; }
	@test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "This Python cannot make virtual environments: install its venv module, e.g. apt install python3-venv."; exit 1; }
	@echo "Installing into $(VENV) (about 2 GB, once) ..."
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=0.5,<1'
	@# Compiled here: where PYTHONDONTWRITEBYTECODE is set, as in many containers, each process would compile TensorFlow anew.
	@$(VENV)/bin/python -m uv pip install --quiet --compile-bytecode --python $(VENV)/bin/python -r $(LOCK) $(foreach file,$(EXTRA),-r $(file))
	@touch $@

reproduce: $(READY)  ## PAPER=timeconvnet: run the paper and print its tables (PAPER=all: all of them, and the report)
	@test -n "$(PAPER)" || { echo "Which paper? make reproduce PAPER=timeconvnet (make list shows all; PAPER=all runs all)."; exit 2; }
	@$(SUITE) reproduce $(PAPER) $(OPTIONS)

search: $(READY)  ## PAPER=cnn3d: search for settings with Optuna (TRIALS=800 STORAGE=<database> CORPUS=ckplus,oulu)
	@test -n "$(PAPER)" || { echo "Which paper? make search PAPER=cnn3d."; exit 2; }
	@$(SUITE) search $(PAPER) $(COMMON) $(call flag,TRIALS,trials) $(call flag,STORAGE,storage) $(call flag,CORPUS,corpus)

list: $(READY)  ## papers, experiments, data sets, and what is on this disk
	@$(SUITE) list $(call flag,DATA,data)

verify-data: $(READY)  ## DATA=<root>: what was found there, what was expected, how to obtain the rest
	@$(SUITE) verify-data $(call flag,DATA,data)

models: $(READY)  ## MODELS=<folder>: which trained face detectors are there, and where to get the others
	@$(SUITE) models $(call flag,MODELS,models)

table: $(READY)  ## PAPER=timeconvnet: print the tables of finished runs again (FORMAT=text|markdown|csv|json)
	@$(SUITE) table $(PAPER) $(call flag,DATA,data) $(call flag,PROFILE,profile) $(call flag,EPOCHS,epochs) $(call flag,VARIANT,variant) $(call flag,FORMAT,format)

claims: $(READY)  ## where every printed number stands (PAPER=timeconvnet, FORMAT=text|markdown|csv|json, STRICT=1)
	@$(SUITE) claims $(call flag,PAPER,paper) $(call flag,FORMAT,format) $(if $(STRICT),--strict)

findings: $(READY)  ## the few things worth knowing about each paper, with their figures (PAPER=thesis)
	@$(SUITE) findings $(call flag,PAPER,paper)

compare: $(READY)  ## A=<run> B=<run>|published: difference, test, change by emotion
	@test -n "$(A)" -a -n "$(B)" || { echo "Which two? make compare A=results/runs/.../seed0-... B=published"; exit 2; }
	@$(SUITE) compare "$(A)" "$(B)"

audit: $(READY)  ## what each paper contradicts about itself (other tables: python -m commands audit --help)
	@$(SUITE) audit $(call flag,PAPER,paper)

audit-split: $(READY)  ## TRAIN=<folder> TEST=<folder> or CSV=<file>: how much of any test set stands in training (OUT=<page>)
	@$(SUITE) audit-split $(call flag,TRAIN,train) $(call flag,TEST,test) $(call flag,CSV,csv) $(call flag,SUBJECT,subject) $(call flag,OUT,output)

report: $(READY)  ## write results/report.html: everything on one page
	@$(SUITE) report $(if $(STRICT),--strict)

parameters: $(READY)  ## build all networks and count their parameters anew
	@$(SUITE) count-parameters

predict: $(READY)  ## VIDEO=clip.mp4: annotate a video, an image or a folder of them (MODEL=<run|paper> OUT=<folder> CROPPED=1 BRIDGE=2 FACE=1)
	@test -n "$(VIDEO)" || { echo "Which video? make predict VIDEO=clip.mp4"; exit 2; }
	@$(SUITE) predict "$(VIDEO)" $(call flag,MODEL,model) $(call flag,OUT,out) $(call flag,BRIDGE,bridge) $(call flag,FACE,face) $(if $(CROPPED),--cropped)

live: $(READY)  ## SOURCE=0|clip.mp4: watch a camera or a video live in a web page (MODEL=<run|paper> PORT= FACE=)
	@$(SUITE) live $(if $(SOURCE),"$(SOURCE)") $(call flag,MODEL,model) $(call flag,PORT,port) $(call flag,FACE,face)

export: $(READY)  ## RUN=<run|paper> FORMAT=onnx|litert|savedmodel|keras: a network as a file; without RUN the one that ships (OUT=<file>)
	@$(SUITE) export $(if $(RUN),"$(RUN)") $(call flag,FORMAT,format) $(call flag,OUT,out)

ship: $(READY)  ## DATA=<root>: train the network that ships again, test it once, write its files and card (hours; PLAN=alone: without its teachers)
	@$(SUITE) ship $(call flag,DATA,data) $(call flag,PLAN,plan)

test: $(READY)  ## the test suite, on all cores
	@$(VENV)/bin/python -m pytest -n auto --dist worksteal

lint: $(READY)  ## style and formatting
	@$(VENV)/bin/ruff check . && $(VENV)/bin/ruff format --check .

format: $(READY)  ## put the code into the project's format
	@$(VENV)/bin/ruff check --fix . ; $(VENV)/bin/ruff format .

bench: $(READY)  ## ONLY=<name>: measure the figures that the project promises
	@$(VENV)/bin/python -m bench $(ONLY)

gpu-check: $(READY)  ## what the networks do on this machine's GPU, in MINUTES=10, then real results (DATA=<root> ONLY=<network> SMALL=1)
	@$(VENV)/bin/python -m bench.gpu $(call flag,MINUTES,minutes) $(call flag,DATA,data) $(call flag,ONLY,only) $(if $(SMALL),--small)

study: $(READY)  ## is the synthetic corpus hard in the right way? (about half an hour)
	@$(SUITE) study

regression: $(READY)  ## compare finished quick runs with the committed baselines (PAPER=<paper>; DATA=<root>: real runs with the records)
	@$(SUITE) regression $(call flag,PAPER,paper) $(call flag,DATA,data)

fingerprints: $(READY)  ## do the papers' own networks still give the same from a seed? (PAPER=<paper>; WRITE=1: write the file anew)
	@$(SUITE) fingerprints $(call flag,PAPER,paper) $(if $(WRITE),--write)

baseline: $(READY)  ## PAPER=timeconvnet SEEDS=0,1,2: write the baseline anew from finished quick runs
	@$(SUITE) baseline $(PAPER) $(call flag,SEEDS,seeds)

record: $(READY)  ## PAPER=thesis DATA=<root>: take finished runs over into results/records, without weights
	@$(SUITE) record $(PAPER) $(call flag,DATA,data) $(call flag,PROFILE,profile) $(call flag,EPOCHS,epochs) $(call flag,VARIANT,variant)

reference: $(READY)  ## PAPER=timeconvnet: make the tables of the records for the READMEs
	@$(SUITE) keep $(PAPER) && $(SUITE) readme

readme: $(READY)  ## write the generated parts of the READMEs anew
	@$(SUITE) readme

lock: $(READY)  ## resolve requirements.txt into requirements.lock
	@echo "# Written by 'make lock' from requirements.txt; do not edit." > requirements.lock.tmp
	@$(VENV)/bin/python -m uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-header requirements.txt >> requirements.lock.tmp
	@mv requirements.lock.tmp requirements.lock

clean:  ## remove caches and runs (not the environment)
	@rm -rf .cache results/runs results/figures
