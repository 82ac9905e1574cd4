"""The array libraries whose arrays an implementation may take and return."""
