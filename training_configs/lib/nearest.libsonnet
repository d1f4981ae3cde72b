// Which names resemble a misspelt one, by the pairs of letters that they share (Dice's coefficient).
local pairs(name) = std.set([std.substr(name, i, 2) for i in std.range(0, std.length(name) - 2)]);

local likeness(one, other) =
  local common = std.length(std.setInter(pairs(one), pairs(other)));
  2 * common / std.max(1, std.length(pairs(one)) + std.length(pairs(other)));

{
  // "did you mean `epochs`?", with the names that are about as near as the nearest one; `otherwise` when
  // nothing is near.
  advice(name, known, otherwise)::
    local highest = std.foldl(function(most, other) std.max(most, likeness(name, other)), known, 0);
    local near = std.filter(function(other) likeness(name, other) >= std.max(0.5, 0.8 * highest), known);
    local named = ['`%s`' % other for other in near[0:3]];
    if std.length(named) == 0 then otherwise else 'did you mean %s?' % std.join(' or ', named),
}
