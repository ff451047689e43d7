"""Topics are created here, by an explicit step, from the catalog; never by a consumer."""

from collections.abc import Iterator, Mapping

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, for_code

from shared.contracts.catalog import TOPICS, Topic
from shared.runtime.settings import Settings, kafka_arguments

IS_THERE = "is there"
COMPARED = ("retention.ms", "max.message.bytes", "cleanup.policy")


async def apply(settings: Settings) -> dict[str, str]:
    """Create the topics that are missing; says for each what was done, and where one that is there differs from the
    catalog. Existing ones are left as they are.

    :raises KafkaError: when the broker refuses one, or is away.
    """
    admin = AIOKafkaAdminClient(
        bootstrap_servers=settings.kafka_bootstrap_servers.split(","), **kafka_arguments(settings)
    )
    await admin.start()
    try:
        wanted = [_new(topic, settings.kafka_replication_factor) for topic in TOPICS]
        response = await admin.create_topics(wanted, timeout_ms=20_000)
        done = {name: _said(code, message) for name, code, message in response.topic_errors}
        return done | await _differing(admin, [name for name, said in done.items() if said == IS_THERE])
    finally:
        await admin.close()


async def _differing(admin: AIOKafkaAdminClient, names: list[str]) -> dict[str, str]:
    """Where topics differ from the catalog, in words; those that do not are left out."""
    if not names:
        return {}
    partitions = {one["topic"]: len(one["partitions"]) for one in await admin.describe_topics(names)}
    kept = await _kept(admin, names)
    differing = {
        topic.name: "; ".join(_differences(topic, partitions[topic.name], kept[topic.name]))
        for topic in TOPICS
        if topic.name in names
    }
    return {name: f"{IS_THERE}, and differs: {how}" for name, how in differing.items() if how}


async def _kept(admin: AIOKafkaAdminClient, names: list[str]) -> dict[str, dict[str, str]]:
    """The settings of topics, as the broker keeps them."""
    asked = [ConfigResource(ConfigResourceType.TOPIC, name, dict.fromkeys(COMPARED)) for name in names]
    found = [one for answer in await admin.describe_configs(asked) for one in answer.to_object()["resources"]]
    return {
        one["resource_name"]: {entry["config_names"]: entry["config_value"] for entry in one["config_entries"]}
        for one in found
    }


def _differences(topic: Topic, partitions: int, kept: Mapping[str, str]) -> Iterator[str]:
    if partitions != topic.partitions:
        yield f"{partitions} partitions, not {topic.partitions}"
    for name, value in _settings(topic).items():
        if kept.get(name) != value:
            yield f"{name} {kept.get(name)}, not {value}"


def _new(topic: Topic, copies: int) -> NewTopic:
    settings = _settings(topic)
    if copies > 2:  # noqa: PLR2004 - with three copies one may be away
        settings["min.insync.replicas"] = "2"
    return NewTopic(topic.name, topic.partitions, copies, topic_configs=settings)


def _settings(topic: Topic) -> dict[str, str]:
    values = (str(topic.retention_ms), str(topic.max_message_bytes), "delete")
    return dict(zip(COMPARED, values, strict=True))


def _said(code: int, message: str | None) -> str:
    if code == 0:
        return "created"
    error = for_code(code)
    if error is TopicAlreadyExistsError:
        return IS_THERE
    raise error(message)
