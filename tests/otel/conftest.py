"""OpenTelemetry's own SDK, whose exporters keep what they get."""

from collections.abc import Iterator
from typing import Any

import pytest
from attrs import define
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from klarna_om.client import KlarnaClient
from klarna_om.otel import OpenTelemetry
from tests.conftest import MakeClient


@define
class Exported:
    """What was exported, and how to get there."""

    tracer_provider: TracerProvider
    meter_provider: MeterProvider
    exporter: InMemorySpanExporter
    reader: InMemoryMetricReader
    telemetry: OpenTelemetry

    def spans(self) -> list[ReadableSpan]:
        """Those that have ended, in the order of their ends."""
        return list(self.exporter.get_finished_spans())

    def points(self, name: str) -> list[Any]:
        """The data points of a metric."""
        data = self.reader.get_metrics_data()
        scopes = [scope for resource in data.resource_metrics for scope in resource.scope_metrics] if data else []
        metrics = [metric for scope in scopes for metric in scope.metrics if metric.name == name]
        return [point for metric in metrics for point in metric.data.data_points]

    def names(self) -> set[str]:
        """All metrics."""
        data = self.reader.get_metrics_data()
        assert data is not None
        return {m.name for r in data.resource_metrics for s in r.scope_metrics for m in s.metrics}


@pytest.fixture
def exported() -> Iterator[Exported]:
    exporter, reader = InMemorySpanExporter(), InMemoryMetricReader()
    tracer_provider, meter_provider = TracerProvider(), MeterProvider([reader])
    tracer_provider.add_span_processor(SimpleSpanProcessor(exporter))
    telemetry = OpenTelemetry(tracer_provider=tracer_provider, meter_provider=meter_provider)
    yield Exported(tracer_provider, meter_provider, exporter, reader, telemetry)
    tracer_provider.shutdown()
    meter_provider.shutdown()


@pytest.fixture
def klarna(make_client: MakeClient, exported: Exported) -> KlarnaClient:
    """A client of the raw server that is traced and measured."""
    return make_client(telemetry=exported.telemetry)
