"""`make up`, and the local AWS of `make demo` and the tests: MiniStack on loopback, with the template deployed to it.

`start` builds, starts and deploys. `ministack` runs MiniStack. `deploy` runs `sam deploy`. `api` sends signed requests.
`example_files` writes the files of `make up`.
`ministack_patches` makes MiniStack do what AWS documents.
"""
