"""The models of an application beside the schema that its revisions make."""
