"""What `mt-train learn` does: small networks recall a token from far back, and a picture shows which can, and why."""
