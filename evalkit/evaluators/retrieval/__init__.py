"""Retrieval: were the right documents found, and how high did they stand?"""
