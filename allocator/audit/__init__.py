"""核验: laws, certificates and published bundles. Never imports what solves; it judges in arrays."""

from allocator.audit.bundle import judge_bytes, verify_bundle
from allocator.audit.certifying import certify
from allocator.audit.results import CheckResult, LawResult

__all__ = ["CheckResult", "LawResult", "certify", "judge_bytes", "verify_bundle"]
