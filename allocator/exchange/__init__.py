"""外部数据交换: deliveries in, checked; files out."""

from .delivery import Delivery, read_delivery
from .writing import write_delivery

__all__ = ["Delivery", "read_delivery", "write_delivery"]
