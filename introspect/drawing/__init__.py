"""The network as a picture: a report becomes a plain graph, that is folded, sized, laid out and written as SVG."""
