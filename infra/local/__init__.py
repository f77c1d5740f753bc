"""`make up`, and the local AWS of `make demo` and the tests: MiniStack on loopback, with the template deployed to it.

`start` builds, starts and deploys; `ministack` runs MiniStack; `deploy` runs `sam deploy`; `api` signs requests;
`running_stacks` finds what a killed command left running; `ministack_patches` makes MiniStack do what AWS documents.
"""
