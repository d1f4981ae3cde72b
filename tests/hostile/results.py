"""A result of each kind, with everything in it that is looked at."""

from __future__ import annotations

from typing import Any

RESULTS: dict[str, dict[str, Any]] = {
    "coref": {
        "schema": "spanbert_allen.coref/1",
        "doc_key": "d",
        "text": "Ida ate. She",
        "sentences": [["Ida", "ate", "."], ["She"]],
        "speakers": [["A", "A", "A"], ["B"]],
        "clusters": [
            [
                {"start": 0, "end": 3, "words": [0, 0], "text": "Ida", "mention_score": 1.5},
                {
                    **{"start": 9, "end": 12, "words": [3, 3], "text": "She", "link_score": 0.5},
                    "antecedents": [
                        {"text": "Ida", "score": 0.5, "probability": 0.625},
                        {"text": None, "score": 0.0, "probability": 0.375},
                    ],
                },
            ]
        ],
        "heads": [0],
    },
    "qa": {
        "id": "q",
        "question": "Where?",
        "context": "Ida is in Oslo.",
        "answer": "Oslo",
        "start": 10,
        "end": 14,
        "answers": [
            {"text": "Oslo", "start": 10, "end": 14, "probability": 0.75},
            {"text": "", "start": None, "end": None, "probability": 0.25},
        ],
        "no_answer_score": -1.5,
        "threshold": 0.0,
    },
    "relation": {
        "id": "r",
        "text": "Ida lives in Oslo.",
        "entities": [
            {"start": 0, "end": 3, "words": [0, 0], "text": "Ida", "type": "PERSON"},
            {"start": 13, "end": 17, "words": [3, 3], "text": "Oslo", "type": "CITY"},
        ],
        "relations": [{"subject": 0, "object": 1, "label": "lives_in", "probability": 0.5}],
    },
    "class": {
        "id": "c",
        "text": "It was.",
        "text_pair": "Was it?",
        "label": "yes",
        "probabilities": {"no": 0.25, "yes": 0.75},
    },
    "number": {"id": "n", "text": "It was.", "score": 3.25},
    "pretraining": {
        "id": "p",
        "text": "Ida lost her [MASK].",
        "masked": [
            {
                "start": 13,
                "end": 19,
                "text": "[MASK]",
                "fill": "keys",
                "pieces": [
                    {
                        "start": 13,
                        "end": 19,
                        "fills": [{"piece": "keys", "probability": 0.5}],
                        "boundary_fills": [{"piece": "lamp", "probability": 0.25}],
                    }
                ],
            }
        ],
        "filled": "Ida lost her keys.",
    },
    "error": {"schema": "spanbert_allen.coref/1", "line": 3, "error": "no text"},
}
