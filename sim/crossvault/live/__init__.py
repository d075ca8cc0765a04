"""Stories on a deployed vault: who plays them, how their steps are sent, and how they are compared."""
