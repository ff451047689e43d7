"""Every "no" of inventory. A docstring is the message, ``resolve`` the way out."""

from shared.kernel import RefusalKind, Refused, Unknown


class UnknownUnit(Unknown):
    """The unit {subject} is not known."""

    code = "unknown-unit"
    resolve = "Receive the unit first, or check its id: the serial, or part number and lot joined by a colon."


class DuplicateSerial(Refused):
    """The unit {unit_id} is known already as {part_number} {revision}."""

    code = "duplicate-serial"
    resolve = "Check the serial; a serial names one unit only."


class LotKnown(Refused):
    """This receipt of the lot {unit_id} does not go together with what is known of it: {what}."""

    code = "lot-known"
    resolve = "{way_out}."


class StillInstalled(Refused):
    """The unit {unit_id} is installed in {parent_unit_id}, and is where that is."""

    code = "still-installed"
    resolve = "Do it to {parent_unit_id}, or remove {unit_id} from there first."


class NothingLeft(Refused):
    """Nothing of {unit_id} is left."""

    code = "nothing-left"
    resolve = "Name the unit that has it: what was split off has an id of its own. What was returned is received again."


class ScrappedAlready(Refused):
    """The unit {unit_id} is scrapped."""

    code = "scrapped-already"
    resolve = "Name another unit; what is scrapped stays so."


class BeingBuilt(Refused):
    """The run {run_id} builds {unit_id}."""

    code = "being-built"
    resolve = "Wait until {run_id} is complete or canceled, have an issue put a part in quarantine, or scrap it."


class NothingToBuild(Refused):
    """The issue {issue_id} cannot have all of {unit_id} held, because the run {run_id} would build nothing any more."""

    code = "nothing-to-build"
    resolve = "Hold or fail the run {run_id}, or have a smaller quantity held."


class TooManyLocations(Refused):
    """There are {most} locations already, so {location} cannot be one more."""

    code = "too-many-locations"
    resolve = "Use one of the locations that there are."


class ReceiptInvalid(Refused):
    """The receipt of {unit_id} contradicts itself: {what}."""

    code = "receipt-invalid"
    kind = RefusalKind.INVALID
    resolve = "Correct the receipt and send it again under a new event id."


class UnitIdInvalid(Refused):
    """The unit id {unit_id} does not follow from its serial or lot; it should be {expected}."""

    code = "unit-id-invalid"
    kind = RefusalKind.INVALID
    resolve = "Use {expected} as unit_id and as the record's key."


class TargetNotAvailable(Refused):
    """The unit {unit_id} cannot be the target of the run {run_id}: it is {why}."""

    code = "target-not-available"
    resolve = "Order the run for another unit, or free this one first."


class NotBeingBuilt(Unknown):
    """No run builds the unit {subject}, so nothing can be installed in it or removed from it."""

    code = "not-being-built"
    resolve = "Order a run whose target is {subject}."


class AsBuiltLocked(Refused):
    """The as-built of {unit_id} is locked, because its run {run_id} is complete."""

    code = "as-built-locked"
    resolve = "Someone with the permission run:reopen can reopen the run, with a reason."


class RequirementExists(Refused):
    """The run of {unit_id} has a requirement {requirement_id} already, and it is another one."""

    code = "requirement-exists"
    resolve = "Change {requirement_id}, or give the new requirement another id."


class RequirementInvalid(Refused):
    """The requirement {requirement_id} contradicts itself: {what}."""

    code = "requirement-invalid"
    kind = RefusalKind.INVALID
    resolve = "Correct it and send it again."


class RequirementInUse(Refused):
    """The requirement {requirement_id} cannot be edited so, because {why}."""

    code = "requirement-in-use"
    resolve = "Remove {unit_id} from {parent_unit_id} first, then edit the requirement."


class UnknownRequirement(Refused):
    """The unit {unit_id} has no requirement {requirement_id}."""

    code = "unknown-requirement"
    kind = RefusalKind.UNKNOWN
    resolve = "Use one of its requirements: {known}."


class PartNotApproved(Refused):
    """{part_number} {revision} is neither the part and revision of requirement {requirement_id} nor a substitute."""

    code = "part-not-approved"
    resolve = "Install {wanted}, or have an engineer approve it as a substitute or an interchangeable revision."


class UnitNotAvailable(Refused):
    """The unit {unit_id} is {status}: {reason}."""

    code = "unit-not-available"
    resolve = "Use another unit. When this one becomes usable: {changes_when}."


class AlreadyInstalled(Refused):
    """The unit {unit_id} is already installed in {parent_unit_id}."""

    code = "already-installed"
    resolve = "Remove it from {parent_unit_id} first, or install another unit."


class InsufficientQuantity(Refused):
    """{unit_id} has {quantity} left, not {wanted}."""

    code = "insufficient-quantity"
    resolve = "Take what is left, or name another lot, or what was split off from this one."


class WholeUnitsOnly(Refused):
    """{unit_id} is installed whole, {quantity} at once, not {wanted}."""

    code = "whole-units-only"
    resolve = "Install the quantity {quantity}."


class QuantityInvalid(Refused):
    """The quantity {wanted} cannot be taken off {unit_id}."""

    code = "quantity-invalid"
    kind = RefusalKind.INVALID
    resolve = "Name a quantity above 0 and of at most {quantity}, in no more than 12 digits."


class SerialIndivisible(Refused):
    """{unit_id} is a serial unit, of which nothing can be taken off."""

    code = "serial-indivisible"
    resolve = "Name the whole unit, without a quantity."


class DesignatorTaken(Refused):
    """The designator {designator} of requirement {requirement_id} is filled by {unit_id}."""

    code = "designator-taken"
    resolve = "Use a free designator: {free}."


class DesignatorUnknown(Refused):
    """The requirement {requirement_id} has designators, and {designator} is none of them."""

    code = "designator-unknown"
    resolve = "Name one of its free designators: {free}."


class OnePerDesignator(Refused):
    """The designator {designator} of requirement {requirement_id} has room for {room}, one for each assembly, not for
    {wanted}.
    """

    code = "one-per-designator"
    resolve = "Install one for each assembly at {designator}, and the rest at other designators."


class UnitOfMeasureDiffers(Refused):
    """{unit_id} is counted in {unit_of_measure}, and the requirement {requirement_id} in {wanted}."""

    code = "unit-of-measure-differs"
    resolve = "Install what is counted in {wanted}, or have an engineer edit the requirement."


class RequirementFull(Refused):
    """The requirement {requirement_id} takes {quantity} and has {installed} already."""

    code = "requirement-full"
    resolve = "Remove what is installed first, or install it for another requirement."


class WouldCreateCycle(Refused):
    """{unit_id} cannot go into {parent_unit_id}, because {parent_unit_id} is part of {unit_id}."""

    code = "would-create-cycle"
    resolve = "Check which unit is the parent."


class SeveralInstalled(Refused):
    """{parent_unit_id} holds several that {unit_id} may mean: {listed}."""

    code = "several-installed"
    resolve = "Name one of them, or the requirement or designator that it is installed for."


class MoreThanInstalled(Refused):
    """{quantity} of {unit_id} is in {parent_unit_id}, not {wanted}."""

    code = "more-than-installed"
    resolve = "Remove at most {quantity}; what else is installed of its lot is removed by its own id."


class NotInstalled(Refused):
    """The unit {unit_id} is not installed in {parent_unit_id}."""

    code = "not-installed"
    resolve = "Check the unit; what is installed shows in the tree of {parent_unit_id}."
