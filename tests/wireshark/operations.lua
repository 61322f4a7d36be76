-- Counts what a dissector does while a capture is read: instructions of Lua, and the elements that
-- table.insert and table.remove move, which are work without instructions. To be loaded before it:
-- tshark -X lua_script:operations.lua -X lua_script:nibdns.lua -q -r FILE prints `operations N`.
local STEP = 100

local operations = 0
debug.sethook(function()
    operations = operations + STEP
end, "", STEP)

for _, name in ipairs({ "insert", "remove" }) do
    local plain = table[name]
    table[name] = function(list, ...)
        local position = select("#", ...) > (name == "insert" and 1 or 0) and (...) or #list
        operations = operations + #list - position
        return plain(list, ...)
    end
end

local tap = Listener.new("frame")
function tap.draw()
    print("operations " .. operations)
end
