"""Two models side by side on the same random weights and inputs: what is fed, repaired and measured."""
