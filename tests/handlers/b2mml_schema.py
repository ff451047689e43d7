"""B2MML V7 (ANSI/ISA-95) operations performance: the order of elements in the types that Asbuilt writes, as MESA's
schema B2MML-OperationsPerformance.xsd has them; a star for those that may come more than once, a plus for those that
have to be there.
"""

from xml.etree.ElementTree import Element

NAMESPACE = "{http://www.mesa.org/xml/B2MML}"

TYPES = {
    "OperationsPerformance": """
        ID Description* HierarchyScope OperationsType OperationsScheduleID* StartTime EndTime PerformanceState
        PublishedDate OperationsResponse*""",
    "HierarchyScope": "EquipmentID+ EquipmentLevel+ HierarchyScope",
    "OperationsResponse": """
        ID Description* HierarchyScope OperationsType OperationsRequestID* SegmentRequirementID* StartTime EndTime
        OperationsDefinitionID* OperationsSegmentID* ResponseState SegmentResponse*""",
    "SegmentResponse": """
        ID Description* HierarchyScope OperationsType ProcessSegmentID* ActualStartTime ActualEndTime PostingDate
        OperationsDefinitionID* OperationsSegmentID* WorkResponseID* JobResponseID* SegmentState SegmentData*
        PersonnelActual* EquipmentActual* PhysicalAssetActual* MaterialActual* SegmentResponse*""",
    "SegmentData": "ID Description* Value*",
    "Value": "ValueString DataType UnitOfMeasure Key",
    "PersonnelActual": "PersonnelClassID* PersonID* Description* PersonnelUse Quantity*",
    "MaterialActual": """
        MaterialClassID* MaterialDefinitionID* MaterialLotID* MaterialSubLotID* Description* MaterialUse StorageLocation
        Quantity*""",
    "Quantity": "QuantityString DataType UnitOfMeasure Key",
}
LISTS = {
    "OperationsType": {"Production", "Maintenance", "Quality", "Inventory", "Mixed", "Other"},
    "MaterialUse": {"Consumable", "Consumed", "Produced", "Material Consumed", "Material Produced", "Other"},
    "EquipmentLevel": {"Enterprise", "Site", "Area", "ProductionLine", "WorkCell", "WorkCenter", "Unit", "Other"},
    "DataType": {"boolean", "dateTime", "decimal", "integer", "string"},
}
"""What some of the texts may be."""


def check(element: Element, path: str = "") -> list[str]:
    """What is wrong with an element and all that is in it, by its path; nothing when it is as the schema has it."""
    name = element.tag.removeprefix(NAMESPACE)
    here = f"{path}/{name}"
    if not element.tag.startswith(NAMESPACE):
        return [f"{here} is not of B2MML"]
    if name in LISTS and element.text not in LISTS[name]:
        return [f"{here} is {element.text}"]
    if name not in TYPES:
        return [f"{here} holds something"] if len(element) else []
    return [
        *_out_of_order(element, here, TYPES[name].split()),
        *(wrong for one in element for wrong in check(one, here)),
    ]


def _out_of_order(element: Element, here: str, known: list[str]) -> list[str]:
    names = [one.strip("*+") for one in known]
    there = [one.tag.removeprefix(NAMESPACE) for one in element]
    if strange := [one for one in there if one not in names]:
        return [f"{here}: there is no {one}" for one in strange]
    places = [names.index(one) for one in there]
    wrong = [f"{here}: {there} is not in order"] if places != sorted(places) else []
    wrong += [f"{here}: no {one[:-1]}" for one in known if one.endswith("+") and one[:-1] not in there]
    twice = [one for one in {*there} if there.count(one) > 1 and f"{one}*" not in known]
    return wrong + [f"{here}: {one} more than once" for one in twice]
