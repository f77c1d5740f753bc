"""Private sources of images: their requests need credentials of this deployment.

Each source is a transport of httpx. `app` gives them to the downloader, by the origin of their URLs.
"""
