# `spanbert-allen serve` on processors: docs/serving.md tells how to build and run it.
FROM python:3.11-slim

# jsonnet and some packages of AllenNLP's stack may have no wheel for this machine.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends build-essential \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /app
COPY requirements/lock.txt requirements/
RUN pip install --no-cache-dir --no-deps -r requirements/lock.txt
COPY . .
RUN pip install --no-cache-dir --no-deps --no-build-isolation . \
    && useradd --create-home --shell /usr/sbin/nologin serving

USER serving
WORKDIR /home/serving
ENV HF_HUB_OFFLINE=1 TOKENIZERS_PARALLELISM=false PYTHONUNBUFFERED=1
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=120s CMD ["python", "-c", \
    "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/ready', timeout=4)"]
ENTRYPOINT ["spanbert-allen"]
CMD ["serve", "--help"]
