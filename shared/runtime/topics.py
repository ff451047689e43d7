"""Topics are created here, by an explicit step, from the catalog; never by a consumer."""

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from shared.contracts.catalog import TOPICS, Topic
from shared.runtime.settings import Settings, kafka_arguments


async def apply(settings: Settings) -> dict[str, str]:
    """Create the topics that are missing; says for each what was done. Existing ones are left as they are.

    :raises KafkaError: when the broker refuses one, or is away.
    """
    admin = AIOKafkaAdminClient(
        bootstrap_servers=settings.kafka_bootstrap_servers.split(","), **kafka_arguments(settings)
    )
    await admin.start()
    try:
        wanted = [_new(topic, settings.kafka_replication_factor) for topic in TOPICS]
        response = await admin.create_topics(wanted, timeout_ms=20_000)
        return {name: _said(code, message) for name, code, message in response.topic_errors}
    finally:
        await admin.close()


def _new(topic: Topic, copies: int) -> NewTopic:
    settings = {
        "retention.ms": str(topic.retention_ms),
        "max.message.bytes": str(topic.max_message_bytes),
        "cleanup.policy": "delete",
    }
    if copies > 2:  # noqa: PLR2004 - with three copies one may be away
        settings["min.insync.replicas"] = "2"
    return NewTopic(topic.name, topic.partitions, copies, topic_configs=settings)


def _said(code: int, message: str | None) -> str:
    if code == 0:
        return "created"
    error = for_code(code)
    if error is TopicAlreadyExistsError:
        return "is there"
    raise error(message)
